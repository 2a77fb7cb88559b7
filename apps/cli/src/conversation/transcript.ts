import { isToolResult, type OutlineEntry, type Position } from "@tac8/core/conversation/outline";
import type { Paint } from "../terminal/text.ts";
import { answerLines, callLine, renderBlock, type BlockOptions } from "./block.ts";

export interface TranscriptOptions {
  /** Columns. */
  readonly width: number;
  readonly detailed: boolean;
  readonly paint: Paint;
  /** Formats epoch ms, such as `13:05:22`. */
  readonly clock: (at: number) => string;
}

const STAMP = 10;
const BAR = "│ ";
const MIN_TEXT = 20;

/** Renders a conversation as lines: a timestamp if it has changed, a bar for each level of sub-agents, then the text. */
export class Transcript {
  readonly #options: TranscriptOptions;
  #stamp = "";
  /** The last rendered entry, preceded by the tool calls that contain it. */
  #path: readonly OutlineEntry[] = [];

  constructor(options: TranscriptOptions) {
    this.#options = options;
  }

  /** Render a whole conversation, with each result below its call. `over`: the run has finished. */
  whole(entries: readonly OutlineEntry[], { over }: { readonly over: boolean }): string[] {
    return entries.flatMap((entry) => this.#tree(entry, 0, over));
  }

  /** Render the newest entry of a conversation. If the entry does not directly follow its tool call, the call is shown again. */
  next({ entry, under, depth }: Position): string[] {
    const above = under === null ? -1 : this.#path.indexOf(under);
    const near = under === null || above >= 0;
    this.#path = near ? [...this.#path.slice(0, above + 1), entry] : [under, entry];
    const call = under !== null && isToolResult(entry, under) ? under : null;
    if (near) return this.#one(entry, depth, call);
    const reminder = callLine(under.event, this.#block(depth));
    return [
      ...this.#lines(entry.event.at, call === null ? depth - 1 : depth, [reminder]),
      ...this.#one(entry, depth, call),
    ];
  }

  #tree(entry: OutlineEntry, depth: number, over: boolean): string[] {
    const lines = this.#one(entry, depth, null);
    let answered = false;
    for (const child of entry.children) {
      const answer = isToolResult(child, entry);
      answered ||= answer;
      lines.push(...(answer ? this.#one(child, depth, entry) : this.#tree(child, depth + 1, over)));
    }
    if (over && !answered && entry.event.kind === "tool") {
      lines.push(...this.#lines(null, depth, [this.#options.paint("yellow", "  (no result)")]));
    }
    return lines;
  }

  #one(entry: OutlineEntry, depth: number, call: OutlineEntry | null): string[] {
    const block = this.#block(depth);
    const lines = call === null ? renderBlock(entry, block) : answerLines(entry.event, block);
    return this.#lines(entry.event.at, depth, lines);
  }

  #block(depth: number): BlockOptions {
    const { width } = this.#options;
    return { ...this.#options, width: Math.max(MIN_TEXT, width - STAMP - depth * BAR.length) };
  }

  #lines(at: number | null, depth: number, lines: readonly string[]): string[] {
    const { paint } = this.#options;
    const bars = depth > 0 ? paint("dim", BAR.repeat(depth)) : "";
    const stampOf = (shown: string): string =>
      (shown === "" ? "" : paint("dim", shown)) + " ".repeat(STAMP - shown.length);
    return lines.map((line, index) => {
      const stamp = at === null || index > 0 ? "" : this.#options.clock(at);
      const shown = stamp === this.#stamp ? "" : stamp;
      if (shown !== "") this.#stamp = shown;
      return `${stampOf(shown)}${bars}${line}`.trimEnd();
    });
  }
}
