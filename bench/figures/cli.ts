import type { Bench, Figure } from "../bench.ts";
import { row, type Row } from "../results.ts";
import { BARE_START, bareStart } from "../stage/bare.ts";
import { APPS, BOARD_LOGIN, boardUrl, openStage, type BenchStage } from "../stage/stage.ts";
import { timed, type Timed } from "../stage/timed.ts";
import { times } from "../stage/until.ts";

const REPEAT = 3;
/** Accepted exit codes: ok, degraded (3) and critical (4). Code 1 would mean that Redis is unreachable. */
const STATUS_CODES = [0, 3, 4];

export const cli: Figure = {
  name: "cli",
  what: "the command and the board's first page, beside the start of a bare Node process",
  limitMinutes: 5,
  measure,
};

async function measure(bench: Bench): Promise<Row[]> {
  await using stage = await openStage(bench);
  const apps = await Promise.all(APPS.map((name) => stage.start(name)));
  const board = apps.find(({ name }) => name === "board");
  if (board === undefined) throw new Error("no board was started");
  const url = boardUrl(board);
  const help = () => tac8({ bench, stage, args: ["--help"], repeat: REPEAT });
  const status = () => tac8({ bench, stage, args: ["status"], repeat: REPEAT });
  const main = () => tac8({ bench, stage, args: ["--help"], repeat: REPEAT, program: bench.programs.argsOf("cli") });

  const samples = await times(bench.sizes.samples + 1, async () => ({
    bare: await bareStart(bench),
    help: await help(),
    main: await main(),
    status: await status(),
    overview: await pageMs(url, bench.signal),
  }));
  const warm = samples.slice(1); // The first one reads from the disk.
  const wall = { what: BARE_START, value: warm.map(({ bare }) => bare.wallMs) };
  const cpu = { what: `CPU of ${BARE_START}`, value: warm.map(({ bare }) => bare.cpuMs) };
  const both = (name: string, what: string, value: readonly Timed[]): Row[] => [
    row({ name: `cli/${name}`, what, unit: "ms", value: value.map(({ wallMs }) => wallMs), floor: wall }),
    row({
      name: `cli/${name}-cpu`,
      what: `${what}, CPU`,
      unit: "ms",
      value: value.map(({ cpuMs }) => cpuMs),
      floor: cpu,
    }),
  ];
  return [
    ...both(
      "help",
      "tac8 --help",
      warm.map((sample) => sample.help),
    ),
    ...both(
      "help-main",
      "the same without bin/tac8.mjs",
      warm.map((sample) => sample.main),
    ),
    ...both(
      "status",
      "tac8 status",
      warm.map((sample) => sample.status),
    ),
    row({
      name: "cli/overview",
      what: "the board's overview page",
      unit: "ms",
      value: warm.map(({ overview }) => overview),
      floor: wall,
    }),
  ];
}

interface Tac8 {
  readonly bench: Bench;
  readonly stage: Pick<BenchStage, "env" | "dir">;
  readonly args: readonly string[];
  readonly repeat?: number;
  /** Arguments for Node. Default: `bin/tac8.mjs`, as users run it. */
  readonly program?: readonly string[];
}

/** Run the command against a stage. @throws Error if it fails */
export async function tac8({ bench, stage, args, repeat = 1, program }: Tac8): Promise<Timed> {
  const { programs, leftovers, signal } = bench;
  const command = [process.execPath, ...(program ?? [programs.command]), ...args];
  const codes = args[0] === "status" ? STATUS_CODES : [0];
  const result = await timed({ command, env: stage.env, cwd: stage.dir, repeat, codes, leftovers, signal });
  if (result.output.trim() === "") throw new Error(`tac8 ${args.join(" ")} printed nothing`);
  return result;
}

/** Measure the time from the request of a page to its last byte. */
export async function pageMs(url: string, signal: AbortSignal): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(url, { signal, headers: { accept: "text/html", authorization: BOARD_LOGIN } });
  const page = await response.text();
  const ms = performance.now() - startedAt;
  if (!response.ok || !page.includes("<html")) throw new Error(`${url} answered ${response.status}`);
  return ms;
}
