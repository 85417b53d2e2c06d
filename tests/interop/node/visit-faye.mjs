// Faye's client visits the simulator.
import { open } from './faye-client.mjs';
import { visit } from './visit.mjs';

await visit(open);
