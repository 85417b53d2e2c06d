// CometD's JavaScript client: opens a session with a cookie jar of its own on one transport.
import { CometD } from 'cometd';
import { AckExtension } from 'cometd/AckExtension.js';
import { LongPollingTransport } from 'cometd/LongPollingTransport.js';
import { adapt } from 'cometd-nodejs-client';
import { WebSocket } from 'ws';
import { XMLHttpRequest } from 'cometd-nodejs-client/src/XMLHttpRequest.js';

adapt();

/** Long-polling with a jar of its own: one shared by the sessions of a process makes a server see one browser. */
class OwnJarLongPolling extends LongPollingTransport {
    #request;

    constructor() {
        super();
        const jar = { globalCookies: {} };
        this.#request = class extends XMLHttpRequest {
            constructor() {
                super(jar);
            }
        };
    }

    xhrSend(packet) {
        const shared = window.XMLHttpRequest;
        window.XMLHttpRequest = this.#request;
        try {
            return super.xhrSend(packet);
        } finally {
            window.XMLHttpRequest = shared;
        }
    }
}

/** Opens a session; `headers` go with every request, `see` gets every meta message. */
export async function open(url, { transport, ack, headers = {} }, see = () => {}) {
    const cometd = new CometD();
    if (headers.Authorization) {
        // The library's WebSocket is a browser's, which takes no headers.
        window.WebSocket = class extends WebSocket {
            constructor(address, protocols) {
                super(address, protocols, { headers });
            }
        };
    }
    for (const name of ['handshake', 'connect', 'subscribe']) cometd.addListener(`/meta/${name}`, see);
    cometd.configure({
        url,
        logLevel: 'warn',
        requestHeaders: headers,
        backoffIncrement: 200,
        maxBackoff: 5000,
        autoBatch: false,
        maxSendBayeuxMessageSize: 1 << 20,
    });
    if (transport === 'long-polling') {
        cometd.unregisterTransport('websocket');
    } else {
        cometd.unregisterTransport('long-polling');
    }
    cometd.unregisterTransport('callback-polling');
    if (transport === 'long-polling') {
        cometd.unregisterTransport('long-polling');
        cometd.registerTransport('long-polling', new OwnJarLongPolling());
    }
    if (ack === 'true') cometd.registerExtension('ack', new AckExtension());

    // The client leaves it to the application to subscribe again after a new handshake.
    const subscriptions = new Map();
    let opened = false;
    cometd.addListener('/meta/handshake', (message) => {
        if (message.successful && opened) {
            cometd.batch(() => subscriptions.forEach((handle, channel) => {
                cometd.subscribe(channel, (delivery) => handle(delivery.data));
            }));
        }
    });
    await new Promise((resolve, reject) => {
        cometd.handshake((reply) => (reply.successful ? resolve() : reject(new Error(JSON.stringify(reply)))));
    });
    opened = true;
    return {
        cometd,
        subscribe: (channel, handle) => new Promise((resolve, reject) => {
            subscriptions.set(channel, handle);
            cometd.subscribe(channel, (delivery) => handle(delivery.data),
                (reply) => (reply.successful ? resolve() : reject(new Error(JSON.stringify(reply)))));
        }),
        publish: (channel, data) => cometd.publish(channel, data),
        close: () => new Promise((resolve) => cometd.disconnect(resolve)),
    };
}
