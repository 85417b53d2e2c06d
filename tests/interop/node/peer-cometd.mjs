// CometD's JavaScript client in the benchmark.
import { open } from './cometd-client.mjs';
import { main } from './peer.mjs';

await main(open);
