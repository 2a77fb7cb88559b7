import { json, notFound } from "../answer.ts";
import { presentRepository, presentUser } from "../present.ts";
import type { RepositoryRoute } from "./route.ts";

export const repositoryRoutes: readonly RepositoryRoute[] = [
  {
    method: "GET",
    path: "",
    run: (call) => json(200, presentRepository(call, call.repository, call.level, call.token.app)),
  },
  {
    method: "GET",
    path: "/collaborators/:login/permission",
    run(call) {
      const user = call.store.users.get(call.params["login"]?.toLowerCase() ?? "");
      if (user === undefined) throw notFound();
      const level = call.store.level(call.repository, user.login);
      const rights = { admin: level === "admin", maintain: level === "admin", triage: level !== "none" };
      const permissions = { ...rights, push: level === "admin" || level === "write", pull: level !== "none" };
      const shown = { ...presentUser(call, user), role_name: level, permissions };
      return json(200, { permission: level, role_name: level, user: shown });
    },
  },
];
