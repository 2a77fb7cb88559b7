import type { Mutant } from "../mutant.ts";
import { CORE, EXIT } from "../folders.ts";

export const containers: readonly Mutant[] = [
  {
    name: "exit-password",
    file: `${EXIT}/accessControl.ts`,
    find: "if (given === null || !timingSafeEqual(digestOf(given), this.#digest))",
    replace: "if (given === null)",
    test: { file: `${EXIT}/exit.int.test.ts`, name: "without the password nothing is reached" },
    promise: "the exit serves only clients that have its password",
  },
  {
    name: "exit-private",
    file: `${EXIT}/allow.ts`,
    find: "      entries.some(",
    replace: "      entries.length >= 0 || entries.some(",
    test: {
      file: `${EXIT}/exit.int.test.ts`,
      name: "no spelling of a host reaches the exit itself or a private network",
    },
    promise: "the exit connects to no private address that is not listed",
  },
  {
    name: "exit-port",
    file: `${EXIT}/allow.ts`,
    find: "isAllowedBy(entry, { host, port })",
    replace: "isAllowedBy(entry, { host, port: entry.port ?? port })",
    test: { file: `${EXIT}/exit.int.test.ts`, name: "an allowed host has one port" },
    promise: "a listed host with a private address is reachable on its port only",
  },
  {
    name: "exit-pause",
    file: `${EXIT}/accessControl.ts`,
    find: "if (this.#refused > QUICK_REFUSALS) await this.#pause();",
    replace: "",
    test: { file: `${EXIT}/exit.int.test.ts`, name: "many wrong passwords" },
    promise: "guesses at the exit's password are slowed down",
  },
  {
    name: "exit-waiting",
    file: `${EXIT}/accessControl.ts`,
    find: "    oldest.destroy();\n",
    replace: "",
    test: {
      file: `${EXIT}/exit.int.test.ts`,
      name: "clients without the password do not use up connections of clients with it",
    },
    promise: "connections without the password are bounded",
  },
  {
    name: "exit-only",
    file: `${CORE}/config/exit.ts`,
    find: '    ...both("HTTPS_PROXY", proxy),\n',
    replace: "",
    test: { file: `${CORE}/config/exit.test.ts`, name: "through the exit, whatever else" },
    promise: "a runner with an exit reaches other hosts only through the exit",
  },
  {
    name: "exit-in-apps",
    file: `${CORE}/app/main.ts`,
    find: 'const { env, problem } = withExit(own, (path) => readFileSync(path, "utf8"));',
    replace:
      'const { env, problem } = { env: own, problem: withExit({}, (path) => readFileSync(path, "utf8")).problem };',
    test: { file: "test/startup.e2e.test.ts", name: "reaches GitHub only through the exit" },
    promise: "requests to GitHub's API use the exit, as those of git do",
  },
];
