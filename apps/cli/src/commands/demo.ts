import { runDemo } from "../demo/run.ts";
import type { CommandSpec } from "../program.ts";

export const demo: CommandSpec = {
  usage: "demo",
  summary: "show tac8 at work on a GitHub and an agent of its own; needs no account",
  options: [],
  run: (context) => runDemo(context),
};
