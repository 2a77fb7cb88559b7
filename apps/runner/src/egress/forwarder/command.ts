import { fileURLToPath } from "node:url";
import { smallNode } from "../../process/smallNode.ts";

/** The program that is mounted into a sandbox: a single file. */
export const FORWARDER = fileURLToPath(new URL("main.ts", import.meta.url));

export interface ForwarderCommand {
  /** Path of Node in the sandbox. */
  readonly node: string;
  /** Path of `FORWARDER` in the sandbox. */
  readonly file: string;
  /** Path of the socket of `openEgress` in the sandbox, and the port of its environment; null for no network at all. */
  readonly way: { readonly socket: string; readonly port: number } | null;
  /** Descriptor in the sandbox on which the word `term` ends the program; null if there is none. */
  readonly wordsFd: number | null;
  readonly program: readonly string[];
}

/** Return the command that starts another program behind a forwarder. Pure. */
export function forwarderCommand({ node, file, way, wordsFd, program }: ForwarderCommand): string[] {
  return [
    node,
    ...smallNode(64),
    file,
    ...(way === null ? [] : ["--socket", way.socket, "--port", String(way.port)]),
    ...(wordsFd === null ? [] : ["--words-fd", String(wordsFd)]),
    "--",
    ...program,
  ];
}
