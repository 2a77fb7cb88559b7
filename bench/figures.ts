import type { Figure } from "./bench.ts";
import { calls } from "./figures/calls.ts";
import { cli } from "./figures/cli.ts";
import { idle } from "./figures/idle.ts";
import { isolation } from "./figures/isolation.ts";
import { issues } from "./figures/issues.ts";
import { oneIssue } from "./figures/one-issue.ts";
import { output } from "./figures/output.ts";
import { poll } from "./figures/poll.ts";
import { queue } from "./figures/queue.ts";
import { runners } from "./figures/runners.ts";

/** Every figure, in the order in which they are measured. */
export const FIGURES: readonly Figure[] = [issues, oneIssue, calls, output, idle, cli, queue, poll, runners, isolation];
