import { fileURLToPath } from "node:url";

/** The program that is bound into a sandbox: one file without any other. */
export const FORWARDER = fileURLToPath(new URL("main.ts", import.meta.url));

/** A small heap is enough, and fewer threads make it small. */
const NODE_FLAGS = ["--max-semi-space-size=1", "--max-old-space-size=64", "--v8-pool-size=0"];

export interface ForwarderCommand {
  /** Path of Node inside. */
  readonly node: string;
  /** Path of `FORWARDER` inside. */
  readonly file: string;
  /** Where the socket of `openEgress` is inside, and the port of its environment; null: no network at all. */
  readonly way: { readonly socket: string; readonly port: number } | null;
  /** Descriptor inside on which the word `term` ends the program; null: none. */
  readonly wordsFd: number | null;
  readonly program: readonly string[];
}

/** The program and its arguments that start another program behind a forwarder. Pure. */
export function forwarderCommand({ node, file, way, wordsFd, program }: ForwarderCommand): string[] {
  return [
    node,
    ...NODE_FLAGS,
    file,
    ...(way === null ? [] : ["--socket", way.socket, "--port", String(way.port)]),
    ...(wordsFd === null ? [] : ["--words-fd", String(wordsFd)]),
    "--",
    ...program,
  ];
}
