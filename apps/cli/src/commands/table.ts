import type { CommandSpec } from "../program.ts";
import { demo } from "./demo.ts";
import { list } from "./list.ts";
import { report } from "./report.ts";
import { retry } from "./retry.ts";
import { status } from "./status.ts";
import { timeline } from "./timeline.ts";
import { up } from "./up.ts";
import { why } from "./why.ts";

/** Every command of `tac8`, in the order of its help. */
export const COMMANDS: readonly CommandSpec[] = [up, demo, status, list, why, timeline, report, retry];
