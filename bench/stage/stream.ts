import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assistant, init, messageId, result, toolId, toolResult, type Event } from "@tac8/sandbox/agent/events";
import { NO_USAGE } from "@tac8/sandbox/agent/usage";
import type { Sections } from "./config.ts";

const PRINT = join(import.meta.dirname, "../programs/print.sh");
const SPEAKER = { session: "00000000-0000-4000-8000-000000000000", model: "claude-sonnet-4-5" };
/** Size of a block, which is one argument of a program: Linux limits it to 128 kB. */
const BLOCK_BYTES = 100_000;

/** Content of the output of `print.sh`. */
export interface Output {
  readonly env: Readonly<Record<string, string>>;
  readonly bytes: number;
}

/** Configuration whose agent is `print.sh` instead of Claude Code. */
export const PRINTING_AGENT: Sections = {
  llm: { provider: "claude", command: ["sh", PRINT] },
  agent: { env: ["TAC8_BENCH_WITNESS", "TAC8_BENCH_BLOCK", "TAC8_BENCH_LINES", "TAC8_BENCH_RESULT"] },
};

export const PRINT_COMMAND: readonly string[] = ["sh", PRINT];

/** Write the parts of a long conversation to a folder. */
export async function writeOutput(dir: string, megabytes: number): Promise<Output> {
  const lines = conversation();
  const block = join(dir, "block.jsonl");
  const end = join(dir, "result.jsonl");
  const blockBytes = Buffer.byteLength(`${lines.join("\n")}\n`);
  const blocks = Math.ceil((megabytes * 1_000_000) / blockBytes);
  const ending = { kind: "success", text: "Done." } as const;
  const turn = { ending, used: NO_USAGE, before: NO_USAGE, turns: 1, startedAt: Date.now(), index: 0, denials: [] };
  const last = `${JSON.stringify(result(SPEAKER, turn))}\n`;
  await writeFile(block, `${lines.join("\n")}\n`);
  await writeFile(end, last);
  return {
    bytes: blocks * blockBytes + Buffer.byteLength(last),
    env: { TAC8_BENCH_BLOCK: block, TAC8_BENCH_LINES: String(blocks * lines.length), TAC8_BENCH_RESULT: end },
  };
}

/** Return lines of typical sizes: short texts, commands with their output, files that are read and written. */
function conversation(): string[] {
  const lines = [init(SPEAKER, { cwd: "/srv/widgets", folder: "/home/agent/.claude", pid: 1 })].map(text);
  for (let round = 0, bytes = 0; bytes < BLOCK_BYTES; round += 1) {
    const more = exchange(round).map(text);
    const size = more.reduce((sum, line) => sum + line.length + 1, 0);
    if (bytes + size > BLOCK_BYTES) break;
    bytes += size;
    lines.push(...more);
  }
  return lines;
}

function exchange(round: number): Event[] {
  const sentence = `Step ${round}: the parser reads the last line twice, so the total is too large. `;
  const command = `grep -rn "total" src/part-${round} | head -40`;
  const found = `src/part-${round}/file.txt:12: total += line.amount\n`.repeat(30);
  const source =
    `export function total(lines) {\n  return lines.reduce((sum, { amount }) => sum + amount, 0);\n}\n`.repeat(60);
  const [bash, write] = [toolId(), toolId()];
  const shown = { stdout: found, stderr: "", interrupted: false, isImage: false };
  const file = `/srv/widgets/src/part-${round}/total.js`;
  return [
    assistant(SPEAKER, messageId(), { type: "thinking", thinking: sentence.repeat(8), signature: "c2lnbmF0dXJl" }),
    assistant(SPEAKER, messageId(), { type: "text", text: sentence.repeat(3) }),
    assistant(SPEAKER, messageId(), { type: "tool_use", id: bash, name: "Bash", input: { command } }),
    toolResult(SPEAKER, { toolUseId: bash, content: found, isError: false, detail: shown }),
    assistant(SPEAKER, messageId(), {
      type: "tool_use",
      id: write,
      name: "Write",
      input: { file_path: file, content: source },
    }),
    toolResult(SPEAKER, {
      toolUseId: write,
      content: `The file was updated: ${file}`,
      detail: { type: "update", filePath: file, content: source, structuredPatch: [], originalFile: source },
    }),
  ];
}

function text(event: Event): string {
  return JSON.stringify(event);
}
