import { json, notFound, type Answer } from "../answer.ts";
import { appOfJwt, installationFor, makeToken, type App, type Installation } from "../apps.ts";
import { presentRepository, presentUser, time, type View } from "../present.ts";

/** One call of an App, or about one. */
export interface AppCall extends View {
  readonly authorization: string | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface AppRoute {
  readonly method: string;
  readonly path: string;
  readonly run: (call: AppCall) => Answer;
}

export const appRoutes: readonly AppRoute[] = [
  {
    method: "GET",
    path: "/app",
    run: (call) => json(200, presentApp(call, appOfJwt(call.store, call.authorization))),
  },
  {
    method: "GET",
    path: "/repos/:owner/:repo/installation",
    run(call) {
      const app = appOfJwt(call.store, call.authorization);
      const repository = call.store.find(`${call.params["owner"]}/${call.params["repo"]}`);
      if (repository === undefined) throw notFound();
      return json(200, presentInstallation(call, app, installationFor(app, repository.id)));
    },
  },
  {
    method: "POST",
    path: "/app/installations/:id/access_tokens",
    run(call) {
      const app = appOfJwt(call.store, call.authorization);
      const installation = app.installations.get(Number(call.params["id"]));
      if (installation === undefined) throw notFound();
      const { secret, expiresAt, permissions, reach } = makeToken(call.store, { app, installation, wanted: call.body });
      const within = [...call.store.repositories.values()].filter(({ id }) => reach.has(id));
      return json(201, {
        token: secret,
        expires_at: time(expiresAt),
        permissions,
        repository_selection: "selected",
        repositories: within.map((repository) => presentRepository(call, repository, "write")),
      });
    },
  },
  {
    method: "POST",
    path: "/app-manifests/:code/conversions",
    run(call) {
      const code = call.params["code"] ?? "";
      const pending = call.store.pendingApps.get(code);
      if (pending === undefined) throw notFound();
      call.store.pendingApps.delete(code);
      const secrets = { client_secret: "0".repeat(40), webhook_secret: null, pem: pending.pem };
      return json(201, { ...presentApp(call, pending.app), ...secrets });
    },
  },
];

function presentApp(view: View, app: App) {
  return {
    id: app.id,
    slug: app.slug,
    node_id: `A_${app.id}`,
    client_id: `Iv23li${app.id}`,
    owner: presentUser(view, view.store.user(app.owner)),
    name: app.name,
    description: null,
    external_url: "http://localhost/",
    html_url: `${view.urls.html}/apps/${app.slug}`,
    created_at: time(app.createdAt),
    updated_at: time(app.createdAt),
    permissions: app.permissions,
    events: [],
    installations_count: app.installations.size,
  };
}

function presentInstallation(view: View, app: App, installation: Installation) {
  const { id, account, permissions, suspended } = installation;
  return {
    id,
    account: presentUser(view, view.store.user(account)),
    repository_selection: "selected",
    access_tokens_url: `${view.urls.api}/app/installations/${id}/access_tokens`,
    repositories_url: `${view.urls.api}/installation/repositories`,
    html_url: `${view.urls.html}/settings/installations/${id}`,
    app_id: app.id,
    app_slug: app.slug,
    target_id: view.store.user(account).id,
    target_type: "User",
    permissions,
    events: [],
    created_at: time(app.createdAt),
    updated_at: time(app.createdAt),
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_at: suspended ? time(app.createdAt) : null,
    suspended_by: null,
  };
}
