import type { Request, Response } from "express";
import type { Caller } from "./decide.ts";
import { isLoopback } from "@tac8/core/board/loopback";

export function keepCaller({ locals }: Pick<Response, "locals">, caller: Caller): void {
  locals["caller"] = caller;
}

/** Return the proof by which the guard recognized the request; null: none, on an open page. */
export function callerOf({ locals }: Pick<Response, "locals">): Caller {
  return (locals["caller"] as Caller | undefined) ?? null;
}

/**
 * Return the address by which wrong passwords are counted. Behind a proxy, it is the address of the proxy, because any client can
 * send a header. All connections from this machine count as one address, because a program can connect from any address of
 * 127.0.0.0/8, and to loopback from any other address of the machine.
 */
export function addressOf({ socket }: Pick<Request, "socket">): string {
  const { remoteAddress = "unknown", localAddress = "" } = socket;
  return isLoopback(remoteAddress) || isLoopback(localAddress) ? "127.0.0.1" : remoteAddress;
}
