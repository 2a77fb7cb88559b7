import type { CommandSpec } from "../program.ts";

/** A command by its name, and where it is: only the one that is meant is loaded, since a small machine takes seconds for all. */
export interface CommandEntry {
  readonly name: string;
  readonly load: () => Promise<CommandSpec>;
}

/** Every command of `tac8`, in the order of its help. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: "up", load: async () => (await import("./up.ts")).up },
  { name: "demo", load: async () => (await import("./demo.ts")).demo },
  { name: "init", load: async () => (await import("./init.ts")).init },
  { name: "doctor", load: async () => (await import("./doctor.ts")).doctor },
  { name: "status", load: async () => (await import("./status.ts")).status },
  { name: "monitor", load: async () => (await import("./monitor.ts")).monitor },
  { name: "list", load: async () => (await import("./list.ts")).list },
  { name: "view", load: async () => (await import("./view.ts")).view },
  { name: "why", load: async () => (await import("./why.ts")).why },
  { name: "add", load: async () => (await import("./add.ts")).add },
  { name: "retry", load: async () => (await import("./retry.ts")).retry },
  { name: "stop", load: async () => (await import("./stop.ts")).stop },
  { name: "pause", load: async () => (await import("./pause.ts")).pause },
  { name: "resume", load: async () => (await import("./resume.ts")).resume },
  { name: "report", load: async () => (await import("./report.ts")).report },
  { name: "timeline", load: async () => (await import("./timeline.ts")).timeline },
  { name: "clean", load: async () => (await import("./clean.ts")).clean },
];

/** What the command line needs: the command that it names, all of them where it names none (for help, or a wrong name). */
export function commandsFor(argv: readonly string[]): Promise<CommandSpec[]> {
  const named = COMMANDS.filter(({ name }) => name === argv.find((word, index) => isWord(word, argv[index - 1])));
  return Promise.all((named.length > 0 ? named : COMMANDS).map(({ load }) => load()));
}

/** No option, and not the value of the one that may stand before a command. */
function isWord(word: string, before: string | undefined): boolean {
  return !word.startsWith("-") && before !== "--config";
}
