import type { Request, Response } from "express";
import type { Caller } from "./judge.ts";

export function keepCaller({ locals }: Pick<Response, "locals">, caller: Caller): void {
  locals["caller"] = caller;
}

/** How the guard recognized who asks; null: a stranger, on an open page. */
export function callerOf({ locals }: Pick<Response, "locals">): Caller {
  return (locals["caller"] as Caller | undefined) ?? null;
}

/** Address of whoever connected: behind a proxy its own, since anyone may write a header. */
export function addressOf({ socket }: Pick<Request, "socket">): string {
  return socket.remoteAddress ?? "unknown";
}
