// One web application under several paths, each with express-openid-connect set up another way.
import { EventEmitter, once } from "node:events";
import express from "express";
import oidc from "express-openid-connect";
import { listen } from "./listening.mjs";

const { auth, requiresAuth } = oidc;
const { ORIGIN, ISSUER, CLIENT_ID, CLIENT_SECRET, AUDIENCE, PORTAL_ID, PORTAL_SECRET } = process.env;
const code = { response_type: "code", scope: "openid profile email offline_access read:items", audience: AUDIENCE };

const heard = new EventEmitter();
const told = once(heard, "logout");

const MOUNTS = {
  basic: { clientSecret: CLIENT_SECRET, authorizationParams: code },
  post: { clientSecret: CLIENT_SECRET, clientAuthMethod: "client_secret_post", authorizationParams: code },
  pushed: { clientSecret: CLIENT_SECRET, pushedAuthorizationRequests: true, authorizationParams: code },
  posted: { clientSecret: CLIENT_SECRET, authorizationParams: { ...code, response_mode: "form_post" } },
  implicit: {}, // what the quickstart has: an ID token by form_post
  portal: {
    // another application, which hears over the back channel who logged out
    clientID: PORTAL_ID,
    clientSecret: PORTAL_SECRET,
    authorizationParams: { response_type: "code" },
    backchannelLogout: { store: loggedOut() },
  },
};

// Who logged out; ``/told`` answers once somebody has.
function loggedOut() {
  const entries = new Map();
  return {
    get: (id, done) => done(null, entries.get(id)),
    set: (id, entry, done) => {
      entries.set(id, entry);
      heard.emit("logout");
      done(null);
    },
    destroy: (id, done) => done(null, entries.delete(id)),
  };
}

const app = express();
app.get("/told", async (request, response) => response.json(Boolean(await told)));
for (const [name, settings] of Object.entries(MOUNTS)) {
  const routes = express.Router();
  routes.use(
    auth({
      issuerBaseURL: ISSUER,
      baseURL: `${ORIGIN}/${name}`,
      clientID: CLIENT_ID,
      secret: "a-long-secret-that-encrypts-the-session-cookie",
      authRequired: false,
      idpLogout: true,
      session: { name: `session_${name}`, cookie: { path: "/" } },
      transactionCookie: { name: `transaction_${name}` },
      ...settings,
    }),
  );
  routes.get("/", (request, response) => response.json({ signedIn: request.oidc.isAuthenticated() }));
  routes.get("/me", requiresAuth(), (request, response) => response.json(request.oidc.idTokenClaims));
  routes.get("/profile", requiresAuth(), async (request, response) => response.json(await request.oidc.fetchUserInfo()));
  routes.get("/renew", requiresAuth(), async (request, response) => {
    const { token_type, expires_in } = await request.oidc.accessToken.refresh();
    response.json({ token_type, expires_in });
  });
  app.use(`/${name}`, routes);
}
listen(app);
