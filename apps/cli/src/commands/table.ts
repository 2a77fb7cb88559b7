import type { CommandSpec } from "../program.ts";
import { add } from "./add.ts";
import { clean } from "./clean.ts";
import { demo } from "./demo.ts";
import { doctor } from "./doctor.ts";
import { init } from "./init.ts";
import { list } from "./list.ts";
import { monitor } from "./monitor.ts";
import { pause } from "./pause.ts";
import { report } from "./report.ts";
import { resume } from "./resume.ts";
import { retry } from "./retry.ts";
import { status } from "./status.ts";
import { stop } from "./stop.ts";
import { timeline } from "./timeline.ts";
import { up } from "./up.ts";
import { view } from "./view.ts";
import { why } from "./why.ts";

/** Every command of `tac8`, in the order of its help. */
export const COMMANDS: readonly CommandSpec[] = [
  up,
  demo,
  status,
  monitor,
  list,
  view,
  why,
  add,
  retry,
  stop,
  pause,
  resume,
  report,
  timeline,
  doctor,
  init,
  clean,
];
