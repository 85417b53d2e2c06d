// What every server program here shares: the command line, the control port, and ending together with the test.
import http from 'node:http';

/** key=value words, with defaults. */
export function options(defaults) {
    const values = { ...defaults };
    for (const word of process.argv.slice(2)) {
        const at = word.indexOf('=');
        const [key, value] = [word.slice(0, at), word.slice(at + 1)];
        values[key] = typeof defaults[key] === 'number' ? Number(value) : value;
    }
    return values;
}

/** Ends this process when the one that started it is gone: nothing is left running behind a test. */
export function endWithParent() {
    process.stdin.on('end', () => process.exit(0));
    process.stdin.on('error', () => process.exit(0));
    process.stdin.resume();
}

/** Numbers that arrived, by channel, in the order of arrival. */
export class Record {
    #seen = {};

    note(message) {
        (this.#seen[message.channel] ??= []).push(message.data.n);
    }

    forget() {
        this.#seen = {};
    }

    json() {
        return JSON.stringify(this.#seen);
    }
}

/** The wall clock in microseconds, the same clock in every process of a machine. */
function now() {
    return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

/** Calls `publish` with {n, t} `count` times, `everyMicros` apart. */
export function burst(publish, { from = 0, count, everyMicros = 0 }) {
    let sent = 0;
    const begun = now();
    const step = () => {
        while (sent < count && (everyMicros === 0 || now() >= begun + sent * everyMicros)) {
            publish({ n: from + sent, t: now() });
            sent += 1;
        }
        if (sent < count) {
            setTimeout(step, 1);
        }
    };
    step();
}

/** Opens the control port, says READY. `actions` maps a path to a function of the query. */
export function announce(port, record, actions) {
    const all = {
        '/seen': () => record.json(),
        '/forget': () => (record.forget(), 'true'),
        ...actions,
    };
    const control = http.createServer((request, response) => {
        const url = new URL(request.url, 'http://loopback');
        const action = all[url.pathname];
        const query = Object.fromEntries(url.searchParams);
        for (const key of ['from', 'count', 'everyMicros']) {
            if (key in query) query[key] = Number(query[key]);
        }
        response.statusCode = action ? 200 : 404;
        response.end(action ? action(query) : 'no such action');
    });
    control.listen(0, '127.0.0.1', () => {
        console.log(`READY ${JSON.stringify({ port, control: control.address().port })}`);
    });
}
