import type { Request, Response } from "express";
import { useLink } from "@tac8/core/board/links";
import { html } from "../pages/html.ts";
import { layout } from "../pages/layout.ts";
import type { Access } from "./access.ts";
import { addressOf, callerOf } from "./caller.ts";
import { isSame } from "./keys.ts";
import { sessionCookie } from "./session.ts";

const NOTICES = {
  link: "This link has expired: each link works once and for a limited time. Get a new link.",
  wrong: "Wrong password.",
  wait: "Too many wrong passwords: wait, or get a link.",
};

type NoticeKey = keyof typeof NOTICES;

/** Paths of the board to which a browser may be redirected after it has signed in. */
const NEXT = /^\/(?![/\\])[\x21-\x7e]{0,500}$/;

export interface SignInView {
  readonly access: Pick<Access, "openCommand">;
  readonly status: 200 | 401 | 429;
  readonly next: string;
  readonly notice: NoticeKey | null;
}

/** Send the page for a browser without a session: the command that prints a link, and a form for the password. Works without scripts. */
export function showSignIn(response: Response, { access, status, next, notice }: SignInView): void {
  const body = html`<section class="card sign-in" aria-labelledby="sign-in-title">
    <h1 id="sign-in-title">Sign in</h1>
    ${notice !== null && html`<p class="message bad" role="alert">${NOTICES[notice]}</p>`}
    <p>Run this command on the board's machine and open the link that it prints:</p>
    <pre><code>${access.openCommand}</code></pre>
    <p class="or"><span>or</span></p>
    <form method="post" action="/login">
      <input type="hidden" name="next" value="${nextOf(next)}" />
      <input
        class="user"
        type="text"
        name="user"
        value="tac8"
        autocomplete="username"
        tabindex="-1"
        aria-hidden="true"
      />
      <label for="password">Password</label>
      <input id="password" type="password" name="password" required autocomplete="current-password" maxlength="1000" />
      <button class="solid">Sign in</button>
    </form>
    <p class="dim">
      The password is the one you set as <code>TAC8_BOARD_PASSWORD</code>, or the one in the file
      <code>tac8-board-password</code> in the data folder.
    </p>
  </section>`;
  response
    .status(status)
    .type("html")
    .send(layout({ title: "Sign in", body, links: false }).text);
}

/** A page of `routes.ts` that needs only `access` of the board. */
type AccessPage = (board: { readonly access: Access }, request: Request, response: Response) => Promise<void>;

/** `GET /login`: the sign-in form. */
export const loginPage: AccessPage = async ({ access }, request, response) => {
  if (callerOf(response) === "session") return response.redirect(303, "/");
  const { why } = request.query;
  const notice = typeof why === "string" && Object.hasOwn(NOTICES, why) ? (why as NoticeKey) : null;
  showSignIn(response, { access, status: 200, next: "/", notice });
};

/** `POST /login`: sign in with the password of the form. */
export const signIn: AccessPage = async ({ access }, request, response) => {
  const { guesses, keys } = access;
  const address = addressOf(request);
  const next = nextOf(fieldOf(request, "next"));
  const wait = guesses.waitOf(address);
  if (wait > 0) {
    response.set("retry-after", String(Math.ceil(wait / 1000)));
    return showSignIn(response, { access, status: 429, next, notice: "wait" });
  }
  if (!isSame(fieldOf(request, "password").trim(), keys.password)) {
    access.noteWrong(address);
    return showSignIn(response, { access, status: 401, next, notice: "wrong" });
  }
  beginSession(request, response, access);
  access.noteSignIn(address, "password");
  response.redirect(303, next);
};

/**
 * `/open?token=…`: a link of `tac8 open`. It always redirects to another address, so that the token is not kept in the browser's
 * history. HEAD requests and prefetches do not use the link up.
 */
export const openLink: AccessPage = async ({ access }, request, response) => {
  response.set("referrer-policy", "no-referrer");
  if (request.method !== "GET" || request.get("sec-purpose") !== undefined) return void response.status(503).end();
  const { token } = request.query;
  if (typeof token === "string" && useLink(token, { dataFolder: access.dataFolder, now: access.now() })) {
    beginSession(request, response, access);
    access.noteSignIn(addressOf(request), "link");
    return response.redirect(303, "/");
  }
  // The browser that the link has signed in may open it again.
  response.redirect(303, callerOf(response) === "session" ? "/" : "/login?why=link");
};

function beginSession(request: Request, response: Response, { keys, secureHost, now }: Access): void {
  const secure = secureHost !== null && request.headers.host?.toLowerCase() === secureHost;
  response.append("set-cookie", sessionCookie(keys, { now: now(), secure }));
}

function nextOf(path: string): string {
  return NEXT.test(path) && !/^\/(login|open)\b/.test(path) ? path : "/";
}

function fieldOf({ body }: Pick<Request, "body">, name: string): string {
  const value: unknown = typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : null;
  return typeof value === "string" ? value : "";
}
