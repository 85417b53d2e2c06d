// Faye's server at /cometd: long-polling and WebSocket, no ack.
import http from 'node:http';
import faye from 'faye';
import { announce, burst, endWithParent, options, Record } from './lab.mjs';

endWithParent();
const given = options({ port: 0, timeout: 30000 });
const record = new Record();
// Faye counts in seconds.
const server = new faye.NodeAdapter({ mount: '/cometd', timeout: given.timeout / 1000 });

// Faye publishes through a client of its own, which is a session too; it is not counted.
const own = server.getClient();
await new Promise((resolve) => own.connect(resolve));

const sessions = new Set();
server.on('handshake', (id) => sessions.add(id));
server.on('disconnect', (id) => sessions.delete(id));
server.on('publish', (id, channel, data) => {
    if (channel.startsWith('/in/') || channel === '/service/in') record.note({ channel, data });
    if (channel === '/service/burst') publish(data.channel, data);
});

function publish(name, query) {
    burst((data) => own.publish(name, data), query);
}

const web = http.createServer();
server.attach(web);
web.listen(given.port, '127.0.0.1', () => {
    announce(web.address().port, record, {
        '/sessions': () => String(sessions.size),
        '/burst': (query) => (publish(query.channel, query), 'true'),
    });
});
