import type { FullScreen } from "../terminal/fullScreen.ts";
import type { Output } from "../terminal/output.ts";
import type { Prompt } from "../terminal/prompt.ts";

/** A program that `tac8 up` keeps running. */
export interface AppSpec {
  readonly name: string;
  /** URL of its program. */
  readonly entry: URL;
  /** What is lost when it ends, so that a restart would not help. */
  readonly irreplaceable?: string;
}

/** The environment of a command. Only `main.ts` creates it from the process. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether other processes can still read, in `/proc`, the secrets with which this process was started. */
  readonly secretsShown: boolean;
  readonly cwd: string;
  /** The command by which an operator calls tac8: `tac8`, or the path of its launcher. */
  readonly command: string;
  /** Absolute path of the launcher, `bin/tac8.mjs`. */
  readonly launcher: string;
  /** Absolute path of the Node that runs this process. */
  readonly node: string;
  readonly out: Output;
  readonly err: Output;
  /** The programs that `tac8 up` keeps running. */
  readonly apps: readonly AppSpec[];
  /** Epoch ms. */
  readonly now: () => number;
  /** Waits that replace the defaults of a command. */
  readonly waits?: Waits;
  /** Opens the full screen of the terminal; null: there is no terminal. The caller closes it. */
  readonly openFullScreen: (() => FullScreen) | null;
  /** Opens the terminal for questions; null: the command is not interactive. The caller closes it. */
  readonly openPrompt: (() => Prompt) | null;
  /** Reads one line of standard input, for a secret from another program. At most 4 kB are read. */
  readonly readInput: () => Promise<string>;
  /** Calls the handler at each SIGINT, SIGTERM and SIGHUP until the returned function is called. */
  readonly onSignal: (handler: (signal: NodeJS.Signals) => void) => () => void;
}

/** Waits in milliseconds. */
export interface Waits {
  /** For one response of GitHub, in `tac8 doctor`. */
  readonly githubAnswer?: number;
  /** For the installation of a GitHub App, in `tac8 init --app`; `everyInstallation`: between two reads. */
  readonly installation?: number;
  /** Time without a response about the installation until a line reports that. */
  readonly noAnswer?: number;
  /** For the code of the App that the operator creates in the browser. */
  readonly appCode?: number;
  readonly everyInstallation?: number;
  /** Before the second try of a call to GitHub, in `tac8 doctor`. */
  readonly githubRetry?: number;
  /** Before a request that GitHub has refused is repeated, in `tac8 up`. */
  readonly githubRefusals?: readonly number[];
  /** Between two writes to GitHub, instead of the configured interval. */
  readonly betweenWrites?: number;
  /** Time within which a second SIGINT counts as the same press of Ctrl-C. */
  readonly samePress?: number;
  /** For a runner to respond to a request. */
  readonly runnerAnswer?: number;
}
