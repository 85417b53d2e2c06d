// Faye's client: opens a session on one transport.
import faye from 'faye';

/** Opens a session; `headers` go with every request, `see` gets every meta message. */
export async function open(url, { transport, headers = {} }, see = () => {}) {
    const client = new faye.Client(url, { retry: 0.2, timeout: 30 });
    for (const [name, value] of Object.entries(headers)) client.setHeader(name, value);
    // Its handshake always goes by long-polling; it moves to WebSocket afterwards if it may.
    ['eventsource', 'in-process', 'cross-origin-long-polling', 'callback-polling'].forEach((name) => client.disable(name));
    if (transport === 'long-polling') client.disable('websocket');
    client.addExtension({
        incoming: (message, pass) => {
            if (message.channel.startsWith('/meta/')) see(message);
            pass(message);
        },
    });
    await new Promise((resolve) => client.connect(resolve));
    return {
        client,
        subscribe: (channel, handle) => client.subscribe(channel, handle),
        publish: (channel, data) => void client.publish(channel, data),
        close: () => client.disconnect(),
    };
}
