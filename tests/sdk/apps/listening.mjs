// Every application here serves on the socket its parent bound, and says so.
export function listen(app) {
  app.listen({ fd: Number(process.env.LISTEN_FD) }, (error) => {
    if (error) throw error;
    console.log("ready");
  });
}
