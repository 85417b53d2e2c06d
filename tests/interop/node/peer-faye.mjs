// Faye's client in the benchmark. It has no ack.
import { open } from './faye-client.mjs';
import { main } from './peer.mjs';

await main(open);
