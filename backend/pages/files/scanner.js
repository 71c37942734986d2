// Reading a code with the camera: by the browser's own detector if it has one, else by frames that the server decodes.
// Neither opens what it reads: only text that begins like an integrity code is taken.

import { part } from "./views.js";

const FRAME_WIDTH = 960;
const PAUSE_MS = 500;
const QUALITY = 0.8;
const PREFIX = "IC1:";

/** Whether this browser can give us the camera here (it wants https or localhost). */
export const hasCamera = () => Boolean(navigator.mediaDevices?.getUserMedia);

/** Reads codes for one till. */
export class Scanner {
  #session;
  #detector = null;
  #stream = null;

  constructor(session) {
    this.#session = session;
    part("camera-close").addEventListener("click", () => part("camera").close());
    part("camera").addEventListener("close", () => this.#release());
  }

  /** Opens the camera until a code is read or the clerk cancels; gives its text or null. Raises when there is no camera. */
  async scan() {
    this.#stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false,
    });
    const video = part("video");
    video.srcObject = this.#stream;
    part("camera-state").textContent = "正在识别… Looking for a code";
    part("camera").showModal();
    await video.play();
    const text = await this.#watch(video);
    part("camera").close();
    return text;
  }

  /** The text of the code in a photo, or null. */
  async readPhoto(file) {
    const image = await createImageBitmap(file);
    return this.#decode(await drawn(image, image.width, image.height));
  }

  async #watch(video) {
    this.#detector ??= await browserDetector();
    while (part("camera").open) {
      const text = await this.#look(video).catch((problem) => {
        part("camera-state").textContent = problem.sentence ?? "识别失败，请改用数字码。";
        return null;
      });
      if (text) return text;
      await new Promise((resolve) => { setTimeout(resolve, PAUSE_MS); });
    }
    return null;
  }

  async #look(video) {
    if (!video.videoWidth) return null;
    if (!this.#detector) return this.#decode(await drawn(video, video.videoWidth, video.videoHeight));
    const found = await this.#detector.detect(video);
    return found.map((code) => code.rawValue).find((text) => text.startsWith(PREFIX)) ?? null;
  }

  async #decode(frame) {
    const { text } = await this.#session.call("POST", "/v1/till/frames", frame, { "Content-Type": "image/jpeg" });
    return text;
  }

  #release() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    part("video").srcObject = null;
  }
}

async function browserDetector() {
  const formats = (await globalThis.BarcodeDetector?.getSupportedFormats?.()) ?? [];
  return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
}

/** A picture as JPEG, at most 960 pixels wide: enough for a code that fills a third of it, and far below the server's limit. */
function drawn(image, width, height) {
  const scale = Math.min(1, FRAME_WIDTH / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", QUALITY); });
}
