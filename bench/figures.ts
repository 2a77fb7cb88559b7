import type { Figure } from "./bench.ts";
import { cli } from "./figures/cli.ts";
import { idle } from "./figures/idle.ts";

/** Every figure, in the order in which they are measured. */
export const FIGURES: readonly Figure[] = [cli, idle];
