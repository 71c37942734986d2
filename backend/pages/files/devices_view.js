// The person's phones: which may sign in their name, and revoking one that was lost.

import { act, copy, day, named, part, tell } from "./views.js";

export class Devices {
  #session;
  #device;
  #accountId;

  /** `accountId` gives the id of whoever is signed in. */
  constructor(session, device, accountId) {
    this.#session = session;
    this.#device = device;
    this.#accountId = accountId;
    part("device-register").addEventListener("click", () => act(part("device-register"), () => this.#register()));
  }

  /** Reads and draws them. */
  async load() {
    const devices = await this.#session.get("/v1/me/devices");
    const here = crypto.subtle ? await this.#device.id(await this.#accountId()) : null;
    const live = devices.filter((device) => device.revoked_at === null);
    part("devices").replaceChildren(...live.map((device) => this.#line(device, device.id === here)));
    part("devices-empty").hidden = live.length > 0;
    part("device-register").hidden = live.some((device) => device.id === here);
  }

  #line(device, isHere) {
    const element = copy("device-template", {
      name: isHere ? `${device.name} · 本机` : device.name,
      detail: `${day(device.registered_at)}登记`,
    });
    const button = named(element, "revoke");
    button.addEventListener("click", () => act(button, () => this.#revoke(device)));
    return element;
  }

  async #register() {
    await this.#device.register(await this.#accountId());
    await this.load();
    tell("本机已登记。This phone is registered.");
  }

  async #revoke(device) {
    await this.#session.delete(`/v1/me/devices/${device.id}`);
    await this.load();
    tell("已停用，不能再用它确认。Revoked: it confirms nothing any more.");
  }
}
