import { ApiError } from "../answer.ts";
import { needs, text, type RepositoryRoute } from "./route.ts";

/** Of git's data only what refuses: refs are made by pushing. */
export const gitRoutes: readonly RepositoryRoute[] = [
  {
    method: "POST",
    path: "/git/refs",
    run(call) {
      needs(call, "write");
      const ref = text(call, "ref") ?? "";
      if (!/^refs\/[^/]+\/./.test(ref)) {
        throw new ApiError(422, "Reference name must start with 'refs' and contain at least two slashes.");
      }
      throw new ApiError(422, "Object does not exist");
    },
  },
];
