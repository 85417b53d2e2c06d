// CometD's JavaScript client visits the simulator.
import { open } from './cometd-client.mjs';
import { visit } from './visit.mjs';

await visit(open);
