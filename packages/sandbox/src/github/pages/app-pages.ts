import { randomUUID } from "node:crypto";
import type { Answer } from "../answer.ts";
import { createApp, type Permissions } from "../apps.ts";
import type { Store } from "../store.ts";
import { document, markup, PAGE_HEADERS } from "./html.ts";

const NEW_APP = /^(?:\/organizations\/([^/]+))?\/settings\/apps\/new$/;
const INSTALL = /^\/apps\/([^/]+)\/installations\/new$/;

export const isAppPath = (path: string): boolean => NEW_APP.test(path) || INSTALL.test(path);

/**
 * The pages about an App, as short as can be: a manifest that is posted makes the App at once, of the organization or of the
 * first user; installing it is the business of `installApp`.
 */
export function answerAppPage(store: Store, { url, body }: { readonly url: URL; readonly body: string }): Answer {
  const [, organization] = NEW_APP.exec(url.pathname) ?? [];
  const text = new URLSearchParams(body).get("manifest");
  if (!NEW_APP.test(url.pathname)) return page(200, "Choose repositories");
  if (text === null) return page(400, "There is no manifest.");
  const manifest = JSON.parse(text) as { name?: string; redirect_url: string; default_permissions: Permissions };
  const owner = organization ?? [...store.users.values()][0]?.login ?? "";
  const name = manifest.name ?? "app";
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const code = randomUUID().replaceAll("-", "");
  store.pendingApps.set(code, createApp(store, { owner, slug, name, permissions: manifest.default_permissions }));
  const back = new URL(manifest.redirect_url);
  back.searchParams.set("code", code);
  back.searchParams.set("state", url.searchParams.get("state") ?? "");
  return { status: 302, headers: { location: back.href } };
}

function page(status: number, words: string): Answer {
  const body = document({ title: "Local GitHub", trail: markup``, main: markup`<h1>${words}</h1>` });
  return { status, headers: { ...PAGE_HEADERS }, body };
}
