exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim("https://lanternbay.example/cabin", event.user.app_metadata.cabin ?? "deck");
};
