import type { CommandSpec } from "../program.ts";
import { clean } from "./clean.ts";
import { demo } from "./demo.ts";
import { doctor } from "./doctor.ts";
import { init } from "./init.ts";
import { list } from "./list.ts";
import { retry } from "./retry.ts";
import { status } from "./status.ts";
import { up } from "./up.ts";

/** Every command of `tac8`, in the order of its help. */
export const COMMANDS: readonly CommandSpec[] = [up, demo, status, list, retry, doctor, init, clean];
