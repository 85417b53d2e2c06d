// The scenarios of the benchmark, told once for every JavaScript client. A client brings `open(url, given)`, which gives a
// connected session: { subscribe(channel, handle): Promise, publish(channel, data), close(): Promise }.
import { createInterface } from 'node:readline';
import { options } from './lab.mjs';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Says a word (with a value) to the one that measures. */
export function say(word, value) {
    console.log(value === undefined ? word : `${word} ${JSON.stringify(value)}`);
}

/** Waits for a line from the one that measures; ends the process when there will be none. */
export async function told() {
    const { done } = await lines.next();
    if (done) process.exit(0);
}

function microseconds() {
    return (performance.timeOrigin + performance.now()) * 1000;
}

function percentile(sorted, share) {
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

function summary(micros) {
    const sorted = [...micros].sort((a, b) => a - b);
    return { p50Micros: percentile(sorted, 0.5), p99Micros: percentile(sorted, 0.99), maxMicros: sorted.at(-1) };
}

/** One burst after another; the clock runs from the request to the last message. */
async function burst(open, given) {
    const session = await open(given.url, given);
    let expected = 0;
    let done;
    let disordered = 0;
    await session.subscribe('/burst', (data) => {
        if (data.n !== expected) disordered += 1;
        expected += 1;
        if (expected === given.count) done();
    });
    const seconds = [];
    for (let run = 0; run < given.runs; run += 1) {
        expected = 0;
        const finished = new Promise((resolve) => (done = resolve));
        const begun = performance.now();
        session.publish('/service/burst', { channel: '/burst', count: given.count });
        await finished;
        seconds.push((performance.now() - begun) / 1000);
    }
    await session.close();
    return { seconds, disordered };
}

/** Round trips, one at a time. */
async function echo(open, given) {
    const session = await open(given.url, given);
    let arrived;
    await session.subscribe('/service/echo', (data) => arrived(data));
    const micros = [];
    for (let n = 0; n < given.warmup + given.count; n += 1) {
        const answer = new Promise((resolve) => (arrived = resolve));
        const begun = performance.now();
        session.publish('/service/echo', { n });
        const data = await answer;
        if (data.n !== n) throw new Error(`asked ${n}, answered ${data.n}`);
        if (n >= given.warmup) micros.push((performance.now() - begun) * 1000);
    }
    await session.close();
    return summary(micros);
}

/** Many sessions in this process; the server publishes `count` messages to all of them. */
async function crowd(open, given) {
    const total = given.sessions * given.count;
    const micros = new Float64Array(total);
    let deliveries = 0;
    let disordered = 0;
    let done;
    const finished = new Promise((resolve) => (done = resolve));
    const begun = performance.now();
    const sessions = [];
    for (let opened = 0; opened < given.sessions; opened += given.together) {
        const batch = Math.min(given.together, given.sessions - opened);
        const openedNow = await Promise.all(Array.from({ length: batch }, async () => {
            const session = await open(given.url, given);
            let expected = 0;
            await session.subscribe('/crowd', (data) => {
                micros[deliveries] = microseconds() - data.t;
                deliveries += 1;
                if (data.n !== expected) disordered += 1;
                expected += 1;
                if (deliveries === total) done();
            });
            return session;
        }));
        sessions.push(...openedNow);
    }
    const setupSeconds = (performance.now() - begun) / 1000;
    sessions[0].publish('/service/burst', { channel: '/crowd', count: given.count, everyMicros: given.everyMicros });
    await finished;
    return { setupSeconds, deliveries, disordered, ...summary(micros) };
}

/** The server goes and comes back; the first message after that. */
async function recovery(open, given) {
    let first;
    const firstAgain = new Promise((resolve) => (first = resolve));
    let broken = false;
    const session = await open(given.url, given);
    await session.subscribe('/tick', () => {
        if (broken) first(microseconds());
    });
    say('SUBSCRIBED');
    await told();
    broken = true;
    say('WAITING');
    return { firstMicros: await firstAgain };
}

/** Runs the scenario that the command line names. */
export async function main(open) {
    const given = options({
        scenario: '', url: '', transport: '', ack: 'true',
        runs: 5, count: 10000, warmup: 500, sessions: 1000, together: 20, everyMicros: 20000,
    });
    const scenario = { burst, echo, crowd, recovery }[given.scenario];
    say('BEGIN');
    await told();
    say('RESULT', await scenario(open, given));
    await told();
    process.exit(0);
}
