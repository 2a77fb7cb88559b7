import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { sendLine } from "./answers.ts";
import { ForbiddenAddress } from "./dial.ts";
import { forward, passedHeaders, UNCHANGED } from "./forward.ts";
import { shownTarget, targetOf, type Policy, type Target } from "./policy.ts";
import { CREDENTIALS, whyNotReading } from "./readOnly.ts";
import { wordsOf, type RouteContext } from "./routeContext.ts";

/** Handle `GET http://host/…`, as a client asks its proxy. Hosts that agents may only read are requested by https. */
export async function plain(context: RouteContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parsed = /^http:\/\/([^/?#]*)([/?][^#]*)?$/i.exec(request.url ?? "");
  const target = parsed === null ? null : targetOf(parsed[1] ?? "", 80);
  const refuse = (why: string): Promise<void> => context.refuse(target, why, (line) => sendLine(response, 403, line));
  if (parsed === null || target === null) return refuse("expected http://HOST/…");
  const rest = parsed[2] ?? "/";
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  const decision = context.policy.decide(target);
  if (decision === "refused") return refuse("");
  const reading = decision === "read-only";
  const why = reading ? whyNotReading({ method: request.method ?? "", path }) : null;
  if (why !== null) return refuse(why);
  const headers = { ...passedHeaders(request), host: hostHeader(target) };
  if (reading) for (const name of CREDENTIALS) delete (headers as Record<string, unknown>)[name];
  const there: Target = reading ? { ...target, port: 443 } : target;
  let socket: Socket;
  let asked = path;
  try {
    if (reading)
      socket = context.keep(await context.dialer.secured(context.keep(await context.dialer.dial(there)), there));
    else {
      const dialed = await context.dialer.dialHttp(there);
      socket = context.keep(dialed.socket);
      if (dialed.proxy !== null) {
        asked = `http://${hostHeader(there)}${path}`;
        Object.assign(headers, dialed.proxy);
      }
    }
  } catch (error) {
    if (error instanceof ForbiddenAddress) return refuse(error.message);
    return sendLine(response, 502, `tac8: ${shownTarget(target)} cannot be reached: ${wordsOf(error)}`);
  }
  await forward({
    request,
    response,
    socket,
    path: asked,
    headers,
    onAnswer: (_answer, answered) => {
      // Redirect to a URL that this client can follow.
      const { location } = answered;
      if (reading && typeof location === "string") answered["location"] = readable(location, context.policy);
      return UNCHANGED;
    },
  });
}

function hostHeader({ host, port }: Target): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return port === 80 ? name : `${name}:${port}`;
}

/** Rewrite a redirect to a host that is read by http here. */
function readable(location: string, policy: Policy): string {
  if (!/^https:\/\//i.test(location) || !URL.canParse(location)) return location;
  const target = targetOf(new URL(location).host, 443);
  return target !== null && policy.decide(target) === "read-only" ? location.replace(/^https/i, "http") : location;
}
