import type { Logger } from "pino";
import { z } from "zod";

import type { Outgoing } from "../outgoing/outgoing.ts";
import { abortable } from "./abortable.ts";
import { classify } from "./classify.ts";
import { GitHubError } from "./errors.ts";
import { nextQuery } from "./link.ts";
import type { OctokitClient } from "./octokit.ts";
import { failureOf } from "./requestError.ts";
import { NoTokenError } from "./tokenAuth.ts";

/** Maximum number of pages, with 100 entries each. */
const MAX_PAGES = 100;

/** Fields with text that has effects: GitHub notifies mentioned users, and closes issues that the text claims to fix. */
const TEXT_FIELDS = ["title", "body", "description", "commit_title", "commit_message"] as const;
type TextField = (typeof TEXT_FIELDS)[number];

export interface Call<T> {
  /** Method and template, for example `GET /repos/{owner}/{repo}`. */
  route: `${"GET" | "POST" | "PATCH" | "PUT" | "DELETE"} /${string}`;
  params?: Record<string, unknown> & { readonly [Field in TextField]?: never };
  /** Texts, which can be sent to GitHub only through this field. */
  texts?: { readonly [Field in TextField]?: Outgoing };
  schema: z.ZodType<T>;
  signal?: AbortSignal | undefined;
  /** Follow a redirect. Only for calls that compare the response with the request. */
  follow?: boolean;
}

export interface Caller {
  /** Return one response, validated by the schema. Throws GitHubError, or the signal's reason. */
  one: <T>(call: Call<T>) => Promise<T>;
  /** Return all pages of a list, read one after the other. More than 100 pages are an error, so the list is never incomplete. */
  all: <T>(call: Call<T>) => Promise<T[]>;
  /** Remove secrets from a text. */
  readonly redact: (text: string) => string;
}

export interface CallerSettings {
  octokit: OctokitClient;
  redact: (text: string) => string;
  /** Name of the token in use, for messages. */
  token: string;
  log: Logger;
  now: () => number;
}

export function createCaller({ octokit, redact, token, log, now }: CallerSettings): Caller {
  /** `url` replaces the URL of the route, for the pages after the first. */
  async function send<T>(call: Call<T>, url?: string): Promise<{ data: unknown; link: string | undefined }> {
    const { route, params = {}, texts = {}, signal, follow = false } = call;
    const name = callName(octokit, call);
    // Check at run time too, because a cast could circumvent the type, and a sent text cannot be recalled.
    const bare = TEXT_FIELDS.find((field) => field in params);
    if (bare !== undefined) throw new TypeError(`${name}: ${bare} is a text, so it must go through texts`);
    signal?.throwIfAborted();
    // The response to a POST may be lost after GitHub has done the work: only the caller can check that.
    const retries = route.startsWith("POST ") ? { retries: 0 } : {};
    const request = { ...(signal && { signal }), redirect: follow ? "follow" : "manual", ...retries } as const;
    try {
      const pending =
        url === undefined
          ? octokit.request(route, { ...params, ...texts, request })
          : octokit.request(`GET ${url}`, { request });
      const { status, headers, data } = await abortable(pending, signal);
      if (status < 300) return { data, link: headers.link };
      throw new GitHubError({
        ...classify({ status, headers, message: "", now: now() }),
        status,
        call: name,
        detail: redact(`moved to ${headers.location ?? "an unknown address"}`),
      });
    } catch (thrown) {
      if (signal?.aborted) throw signal.reason;
      const error = thrown instanceof NoTokenError ? thrown.cause : thrown;
      const failure =
        error instanceof GitHubError ? error : failureOf({ error, call: name, redact, token, now: now() });
      log.debug(
        { call: name, kind: failure.kind, status: failure.status, detail: failure.detail },
        "call to GitHub failed",
      );
      throw failure;
    }
  }

  function read<T>({ schema, data, name }: { schema: z.ZodType<T>; data: unknown; name: string }): T {
    const parsed = schema.safeParse(data);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    const field = issue === undefined || issue.path.length === 0 ? "the answer itself" : issue.path.join(".");
    throw new GitHubError({
      kind: "unavailable",
      status: null,
      retryAt: null,
      call: name,
      detail: redact(`unexpected response: ${field}: ${issue?.message ?? "unreadable"}`),
    });
  }

  return {
    redact,
    one: async (call) => {
      const { data } = await send(call);
      return read({ schema: call.schema, data, name: callName(octokit, call) });
    },
    all: async <T>(call: Call<T>) => {
      const name = callName(octokit, call);
      const first = octokit.request.endpoint(call.route, { per_page: 100, ...call.params }).url;
      const path = first.replace(/\?.*$/, "");
      const list: T[] = [];
      let url = first;
      for (let page = 1; page <= MAX_PAGES; page += 1) {
        const { data, link } = await send(call, url);
        for (const item of read({ schema: z.array(call.schema), data, name })) list.push(item);
        const query = nextQuery(link);
        if (query === null) return list;
        url = `${path}${query}`;
      }
      throw new GitHubError({
        kind: "invalid",
        status: null,
        retryAt: null,
        call: name,
        detail: `the list has more than ${MAX_PAGES} pages (${list.length} entries read)`,
      });
    },
  };
}

function callName(octokit: OctokitClient, { route, params }: Pick<Call<unknown>, "route" | "params">): string {
  const { method, url } = octokit.request.endpoint(route, params);
  const base = octokit.request.endpoint.DEFAULTS.baseUrl;
  return `${method} ${(url.startsWith(base) ? url.slice(base.length) : url).replace(/\?.*$/, "")}`;
}
