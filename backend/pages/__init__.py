"""The pages 页面: the resident's code, score and consents, and the merchant's till, on a phone-sized screen."""
