import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { sendLineOnSocket } from "./answers.ts";
import { ForbiddenAddress } from "./dial.ts";
import { shownTarget, targetOf, type Target } from "./policy.ts";
import { splice } from "./splice.ts";
import { wordsOf, type RouteContext } from "./routeContext.ts";

/** Handle `CONNECT host:port`. The proxy does not read the data in the tunnel. */
export async function tunnel(
  context: RouteContext,
  { request, client, head }: { readonly request: IncomingMessage; readonly client: Socket; readonly head: Buffer },
): Promise<void> {
  const target = targetOf(request.url ?? "");
  const refuse = (why: string): Promise<void> =>
    context.refuse(target, why, (line) => sendLineOnSocket(client, "403 Forbidden", line));
  if (target === null) return refuse("expected HOST:PORT");
  const decision = context.policy.decide(target);
  if (decision === "read-only") return refuse(noTunnel(target));
  if (decision === "refused") return refuse("");
  let server: Socket;
  try {
    server = context.keep(await context.dialer.dial(target));
  } catch (error) {
    if (error instanceof ForbiddenAddress) return refuse(error.message);
    return sendLineOnSocket(
      client,
      "502 Bad Gateway",
      `tac8: ${shownTarget(target)} cannot be reached: ${wordsOf(error)}`,
    );
  }
  if (client.destroyed) return void server.destroy();
  client.write("HTTP/1.1 200 Connection established\r\n\r\n");
  if (head.length > 0) server.write(head);
  splice(client, server);
}

function noTunnel({ host }: Target): string {
  return `agents may only read this host, and a tunnel would hide pushes; use http://${host}/…, which tac8 requests by https (git is configured to do this); pushing is refused`;
}
