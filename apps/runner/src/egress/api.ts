import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { sendLine } from "./answers.ts";
import { forward, passedHeaders, type Passing } from "./forward.ts";
import { pathBelow, withRealKey } from "./keyed.ts";
import { shownTarget, targetOf } from "./policy.ts";
import { ByteReplacer, type Replacement } from "./replaceBytes.ts";
import { AnswerReader, type UsageMeter } from "./usage.ts";
import { wordsOf, type RouteContext } from "./routeContext.ts";

/** An API that agents use with a placeholder for its key. */
export interface Api {
  /** From the configuration, so it may be on loopback or in a private network. */
  readonly base: URL;
  /** Real keys, each with its placeholder. */
  readonly pairs: readonly Replacement[];
  /** Headers that are only in the configuration. */
  readonly headers: Readonly<Record<string, string>>;
  /** Function that sends the proxy's own errors. */
  readonly answer: typeof sendLine;
}

export interface ApiRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path below the base URL, with its query. */
  readonly path: string;
  /** Counts the usage of the answer; null if the answer has none. */
  readonly meter: UsageMeter | null;
}

/** Send a request to the only address that a key is for, with the key in place of its placeholder. */
export async function askApi(
  context: RouteContext,
  api: Api,
  { request, response, path, meter }: ApiRequest,
): Promise<void> {
  const { base, pairs, answer } = api;
  if (pairs.length === 0) return answer(response, 401, "tac8: this run has no key of this API");
  const key = withRealKey(request.headers, pairs);
  if (key === null) {
    return answer(
      response,
      401,
      "tac8: this API accepts only the key from this run's environment, and no other credential",
    );
  }
  const below = pathBelow(base, path);
  if (below === null) return answer(response, 400, "tac8: the path of this request is not accepted");
  const secure = base.protocol === "https:";
  const target = targetOf(base.host, secure ? 443 : 80);
  if (target === null) return answer(response, 502, "tac8: the configured address of the API cannot be read");
  let socket: Socket;
  try {
    socket = context.keep(await context.dialer.dialTrusted(target, secure));
    if (secure) socket = context.keep(await context.dialer.secured(socket, target));
  } catch (error) {
    return answer(response, 502, `tac8: ${shownTarget(target)} cannot be reached: ${wordsOf(error)}`);
  }
  // An answer may contain what was sent to the API.
  const hidden = [...pairs, ...hiddenHeaders(api.headers)];
  const { cookie: _cookie, ...passed } = passedHeaders(request); // The key is the only credential there.
  await forward({
    request,
    response,
    socket,
    path: below,
    headers: { ...passed, ...api.headers, ...key, host: base.host, "accept-encoding": "identity" },
    toTheEnd: meter !== null,
    onAnswer: (from, headers) => {
      if ((headers["content-encoding"] ?? "identity") !== "identity") {
        answer(response, 502, "tac8: the API's answer is compressed, so it cannot be checked for keys");
        return null;
      }
      delete headers["set-cookie"];
      cleanHeaders(headers, hidden);
      const isAnswer = meter !== null && (from.statusCode ?? 0) < 300;
      const contentType = String(headers["content-type"] ?? "");
      return cleaned(hidden, isAnswer ? new AnswerReader(meter, { contentType, asked: "unknown" }) : null);
    },
  });
}

function cleaned(hidden: readonly Replacement[], reader: AnswerReader | null): Passing {
  const replacer = new ByteReplacer(hidden);
  return {
    write(chunk) {
      reader?.write(chunk);
      return replacer.write(chunk);
    },
    end() {
      reader?.end();
      return replacer.end();
    },
  };
}

function cleanHeaders(headers: Record<string, string | string[]>, hidden: readonly Replacement[]): void {
  const clean = (text: string): string => hidden.reduce((all, { find, by }) => all.replaceAll(find, by), text);
  for (const [name, value] of Object.entries(headers)) {
    headers[name] = Array.isArray(value) ? value.map(clean) : clean(value);
  }
}

/** A shorter value is a common word, not a key. */
const MIN_SECRET = 12;

function hiddenHeaders(headers: Readonly<Record<string, string>>): Replacement[] {
  return Object.values(headers).flatMap((find) =>
    find.length < MIN_SECRET ? [] : [{ find, by: "*".repeat(find.length) }],
  );
}
