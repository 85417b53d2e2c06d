// A visit to the simulator, told once for every JavaScript client. A client brings `open(url, given)`, which gives a session
// whose `watch(see)` shows every meta message that comes in.
import { options } from './lab.mjs';
import { say, told } from './peer.mjs';

export async function visit(open) {
    const given = options({ url: '', transport: '', ack: 'true', user: '', password: '' });
    const authorization = `Basic ${Buffer.from(`${given.user}:${given.password}`).toString('base64')}`;
    const see = (message) => {
        if (message.channel === '/meta/handshake' && message.successful) {
            say('HANDSHAKEN', { ack: message.ext?.ack ?? null });
        } else if (message.channel === '/meta/subscribe' && message.successful) {
            say('SUBSCRIBED', { subscription: message.subscription });
        } else if (!message.successful) {
            say('LOST', { channel: message.channel, error: message.error ?? null });
        }
    };
    const session = await open(given.url, { ...given, headers: { Authorization: authorization } }, see);
    await session.subscribe('/v2/me/*', (data) => say('DELIVERY', data));
    await told();
    await session.close();
    say('CLOSED');
    await told();
}
