// cometd-nodejs-server with its ack extension at /cometd. It offers long-polling only.
import http from 'node:http';
import cometd from 'cometd-nodejs-server';
import ack from 'cometd-nodejs-server/ack-extension.js';
import { announce, burst, endWithParent, options, Record } from './lab.mjs';

endWithParent();
const given = options({ port: 0, timeout: 30000, interval: 0, maxInterval: 10000, ack: 'true' });
const record = new Record();
const server = cometd.createCometDServer({
    timeout: given.timeout,
    interval: given.interval,
    maxInterval: given.maxInterval,
    sweepPeriod: 200,
});
if (given.ack === 'true') {
    server.addExtension(new ack.AcknowledgedMessagesExtension());
}

const sessions = new Map();
server.addListener('sessionAdded', (session) => sessions.set(session.id, session));
server.addListener('sessionRemoved', (session) => sessions.delete(session.id));

function publish(name, query) {
    const channel = server.createServerChannel(name);
    burst((data) => channel.publish(null, data), query);
}

function on(name, handle) {
    server.createServerChannel(name).addListener('message', (session, channel, message, callback) => {
        handle(session, message);
        callback();
    });
}
on('/service/echo', (session, message) => session.deliver(null, '/service/echo', message.data));
on('/service/burst', (session, message) => publish(message.data.channel, message.data));
on('/service/in', (session, message) => record.note(message));
on('/in/**', (session, message) => record.note(message));

const web = http.createServer(server.handle);
web.listen(given.port, '127.0.0.1', () => {
    announce(web.address().port, record, {
        '/sessions': () => String(sessions.size),
        '/kick': () => {
            const kicked = [...sessions.values()];
            kicked.forEach((session) => session.disconnect());
            return String(kicked.length);
        },
        '/burst': (query) => (publish(query.channel, query), 'true'),
    });
});
