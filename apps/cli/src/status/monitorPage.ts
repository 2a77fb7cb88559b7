import { cut, pad, plain, widthOf, type Paint } from "../terminal/text.ts";
import { clock } from "../terminal/time.ts";
import type { StatusSections } from "./renderStatus.ts";

export interface MonitorPage {
  /** Null: nothing has been read yet. */
  readonly sections: StatusSections | null;
  /** Why the status may be outdated; null: it is current. */
  readonly unreachable: string | null;
  /** Address of Redis: `host:port`, or the path of a socket. */
  readonly address: string;
  readonly now: number;
  readonly width: number;
  readonly height: number;
  readonly paint: Paint;
}

interface Block {
  readonly lines: readonly string[];
  /** Minimum number of lines on a small screen. */
  readonly least: number;
  /** Which lines are kept if the block is shortened. */
  readonly keep: "first" | "last";
}

/** Render `tac8 monitor` as at most `height` lines of at most `width` columns. Pure. */
export function monitorPage(page: MonitorPage): string[] {
  const { sections, unreachable, height, width, paint } = page;
  const top = [
    titleLine(page),
    ...(unreachable === null ? [] : [paint(["bold", "red"], cut(plain(unreachable), width))]),
  ];
  if (sections === null) return top.slice(0, height);
  const blocks = blocksOf(sections, paint);
  const room = height - top.length - blocks.filter(({ gap }) => gap).length;
  const sizes = share(blocks, Math.max(0, room));
  const body = blocks.flatMap(({ gap, ...block }, index) => {
    const lines = shorten(block, sizes[index] ?? 0, paint);
    return lines.length > 0 && gap ? ["", ...lines] : lines;
  });
  return [...top, ...body].slice(0, height);
}

function titleLine({ address, now, width, paint }: MonitorPage): string {
  const right = `${clock(now)}  q quits`;
  const left = cut(`Redis at ${address}`, Math.max(0, width - widthOf(right) - 1));
  return paint("inverse", cut(`${pad(left, width - widthOf(right))}${right}`, width));
}

/** Return the blocks in the order of the screen. */
function blocksOf(sections: StatusSections, paint: Paint): (Block & { readonly gap: boolean })[] {
  const { health, holds, questions, rest, runners, runs, events } = sections;
  return [
    { lines: health.flat(), least: 4, keep: "first", gap: false },
    { lines: holds, least: 1, keep: "first", gap: false },
    { lines: questions, least: 2, keep: "first", gap: false },
    { lines: rest, least: 4, keep: "first", gap: false },
    { lines: runners, least: 1, keep: "first", gap: false },
    { lines: runs, least: 5, keep: "first", gap: runs.length > 0 },
    {
      lines: events.length === 0 ? [] : [paint("dim", "LAST EVENTS"), ...events],
      least: 3,
      keep: "last",
      gap: events.length > 0,
    },
  ];
}

/** Return the number of lines of each block: first the minimum of each, then the rest of the space by importance. */
function share(blocks: readonly Block[], room: number): number[] {
  const sizes = blocks.map(() => 0);
  let left = room;
  const give = (index: number, wanted: number): void => {
    const more = Math.min(left, Math.max(0, wanted - (sizes[index] ?? 0)));
    sizes[index] = (sizes[index] ?? 0) + more;
    left -= more;
  };
  for (const index of GROWTH) give(index, Math.min(blocks[index]?.lines.length ?? 0, blocks[index]?.least ?? 0));
  for (const index of [RUNS, ...GROWTH]) give(index, blocks[index]?.lines.length ?? 0);
  return sizes;
}

const RUNS = 5;
/** Health, runs, questions, holds, the counts, runners, events: the most important first. */
const GROWTH = [0, RUNS, 2, 1, 3, 4, 6];

function shorten({ lines, keep }: Block, size: number, paint: Paint): readonly string[] {
  if (lines.length <= size) return lines;
  if (size === 0) return [];
  if (size === 1 && keep === "first") return lines.slice(0, 1);
  if (keep === "last") return size === 1 ? lines.slice(-1) : [lines[0] ?? "", ...lines.slice(lines.length - size + 1)];
  return [...lines.slice(0, size - 1), paint("dim", `… and ${lines.length - size + 1} more lines`)];
}
