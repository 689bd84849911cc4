"use strict";
// Passkeys: our server sends a challenge, the browser signs it or makes a key, our server verifies the answer.
// In a block, because the app's own script on the same page uses the same names.
{
  const phrases = ["newsfeed does not answer. Load the page again.", "This browser knows no passkeys.", "No passkey was given.", "This device has one already."];
  const [SILENT, UNKNOWN, NONE, ONE] = phrases;
  const ask = async (address, fields) => {
    const answer = await fetch(address, { method: "POST", body: new URLSearchParams(fields) });
    const said = await answer.json().catch(() => ({ trouble: SILENT }));
    if (said.trouble) throw new Error(said.trouble);
    return said;
  };
  const passkey = async (form) => {
    const make = form.dataset.passkey === "make", token = form.elements.token.value;
    if (!self.PublicKeyCredential || !PublicKeyCredential.parseCreationOptionsFromJSON) throw new Error(UNKNOWN);
    const { challenge, options } = await ask("/passkey/ask", { token, do: form.dataset.passkey });
    const found = make
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    const answer = JSON.stringify(found.toJSON());
    const { to } = await ask(make ? "/passkey/made" : "/passkey/signed", { token, challenge, answer, to: form.elements.to?.value || "/" });
    location.assign(to);
  };
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const place = form.querySelector("[role=alert]");
      place.textContent = "";
      passkey(form).catch((error) => {
        place.textContent = error.name === "NotAllowedError" ? NONE : error.name === "InvalidStateError" ? ONE : error.message;
      });
    });
  }
}
