// An API protected by express-oauth2-jwt-bearer, as its documentation shows it.
import express from "express";
import { auth, requiredScopes } from "express-oauth2-jwt-bearer";
import { listen } from "./listening.mjs";

const app = express();
app.use(auth({ issuerBaseURL: process.env.ISSUER, audience: process.env.AUDIENCE }));
app.get("/items", requiredScopes("read:items"), (request, response) => response.json(request.auth.payload));
app.get("/admin", requiredScopes("administer:items"), (request, response) => response.json({}));
listen(app);
