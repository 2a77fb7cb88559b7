import type { FullScreen } from "../terminal/fullScreen.ts";
import type { Output } from "../terminal/output.ts";
import type { Prompt } from "../terminal/prompt.ts";

/** A program that `tac8 up` keeps running. */
export interface AppSpec {
  readonly name: string;
  /** Its program. */
  readonly entry: URL;
  /** What is lost when it ends, so that starting it again would not help. */
  readonly irreplaceable?: string;
}

/** What a command sees of the world; only `main.ts` makes one from the process. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether `/proc` still shows other processes the secrets with which this one was started. */
  readonly secretsShown: boolean;
  readonly cwd: string;
  /** How an operator calls this command: `tac8`, or the path of its launcher. */
  readonly command: string;
  /** Absolute path of the program that starts it, `bin/tac8.mjs`. */
  readonly launcher: string;
  /** The Node that runs this, absolute. */
  readonly node: string;
  readonly out: Output;
  readonly err: Output;
  /** The programs that `tac8 up` keeps running. */
  readonly apps: readonly AppSpec[];
  /** Epoch ms. */
  readonly now: () => number;
  /** Times instead of those that a command takes by itself. */
  readonly waits?: Waits;
  /** Takes the whole terminal; null where there is none. The caller closes it. */
  readonly openFullScreen: (() => FullScreen) | null;
  /** Opens the terminal for questions; null where nobody sits at one. The caller closes it. */
  readonly openPrompt: (() => Prompt) | null;
  /** Reads one line of standard input, for a secret that another program hands on. At most 4 kB count. */
  readonly readInput: () => Promise<string>;
  /** Calls the handler at each SIGINT, SIGTERM and SIGHUP until the returned function is called. */
  readonly onSignal: (handler: (signal: NodeJS.Signals) => void) => () => void;
}

/** In milliseconds. */
export interface Waits {
  /** For one answer of GitHub's, in `tac8 doctor`. */
  readonly githubAnswer?: number;
  /** For the installation of a GitHub App, in `tac8 init --app`: in all, and between two reads. */
  readonly installation?: number;
  /** How long GitHub may give no answer about the installation until a line says so. */
  readonly noAnswer?: number;
  /** For the code of the App that the operator makes in the browser. */
  readonly appCode?: number;
  readonly everyInstallation?: number;
  /** Before the second try of a call to GitHub, in `tac8 doctor`. */
  readonly githubRetry?: number;
  /** Before GitHub is asked again what it has refused, in `tac8 up`. */
  readonly githubRefusals?: readonly number[];
  /** Between two writes to GitHub, whatever the configuration says. */
  readonly betweenWrites?: number;
  /** Within which a second SIGINT is the same press of Ctrl-C. */
  readonly samePress?: number;
  /** For a runner to begin what it is asked to do. */
  readonly runnerAnswer?: number;
}
