"""django-oscar's vouchers in a process of their own: `python -m backend.commands.bench.market.oscar CALLERS SECONDS`.

What oscar does with a voucher when an order is placed, and nothing else of an order: in one transaction the voucher is locked,
is it active, may this customer use it, the order's row, its use (`OrderCreator.place_order`, `Voucher.record_usage`). Goods,
prices, stock and mail are left out, which is to the peer's good. A thread for each caller, a connection for each thread.
Prints one line of JSON.
"""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from threading import Barrier
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import django
import msgspec
from django.conf import settings
from oscar import defaults

from backend.commands.bench.market.vouchers import URL, Uses

# Every round is a process of its own and leaves its rows: names begin anew in each.
_RUN = uuid4().hex[:12]
_NUMBERS = count(1)
# Races of so many for one voucher that can be used once.
_RACES, _RACERS = 10, 8


def _configure(url: str) -> None:
    """Oscar as its sandbox has it, on this database."""
    parts = urlsplit(url)
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.removeprefix("/"),
        "HOST": parts.hostname,
        "PORT": parts.port,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "CONN_MAX_AGE": None,
    }
    # Without its pages: what the models need.
    shop = (
        "analytics.apps.AnalyticsConfig", "checkout.apps.CheckoutConfig", "address.apps.AddressConfig",
        "shipping.apps.ShippingConfig", "catalogue.apps.CatalogueConfig", "catalogue.reviews.apps.CatalogueReviewsConfig",
        "communication.apps.CommunicationConfig", "partner.apps.PartnerConfig", "basket.apps.BasketConfig",
        "payment.apps.PaymentConfig", "offer.apps.OfferConfig", "order.apps.OrderConfig", "customer.apps.CustomerConfig",
        "search.apps.SearchConfig", "voucher.apps.VoucherConfig", "wishlists.apps.WishlistsConfig",
    )  # fmt: skip
    own = {name: getattr(defaults, name) for name in dir(defaults) if name.startswith("OSCAR_")}
    settings.configure(
        **own,
        DATABASES={"default": database},
        SECRET_KEY="bench",  # noqa: S106 nothing is signed
        SITE_ID=1,
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        HAYSTACK_CONNECTIONS={"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
        INSTALLED_APPS=[
            *(
                f"django.contrib.{name}"
                for name in ("auth", "contenttypes", "sessions", "sites", "messages", "flatpages")
            ),
            *(f"oscar.apps.{name}" for name in shop),
            *("widget_tweaks", "haystack", "treebeard", "django_tables2"),
        ],
    )
    django.setup()


class Shop:
    """Customers and vouchers of oscar's."""

    def __init__(self, customers: int) -> None:
        from django.contrib.auth.models import User
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        made = User.objects.bulk_create([User(username=f"customer-{_RUN}-{number}") for number in range(customers)])
        self.customers = [each.pk for each in made]

    @staticmethod
    def voucher(usage: str) -> int:
        """A voucher that is valid now."""
        from django.utils import timezone
        from oscar.apps.voucher.models import Voucher

        number, now = next(_NUMBERS), timezone.now()
        voucher = Voucher.objects.create(
            name=f"voucher {_RUN} {number}", code=f"VOUCHER{_RUN}{number}", usage=usage,
            start_datetime=now - timedelta(days=1), end_datetime=now + timedelta(days=1),
        )  # fmt: skip
        key: int = voucher.pk
        return key

    @staticmethod
    def use(voucher_id: int, customer_id: int) -> bool:
        """What placing an order does with a voucher; whether it could be used."""
        from django.contrib.auth.models import User
        from django.db import transaction
        from oscar.apps.order.models import Order
        from oscar.apps.voucher.models import Voucher

        with transaction.atomic():
            user = User.objects.get(pk=customer_id)
            voucher = Voucher.objects.select_for_update().get(pk=voucher_id)
            if not voucher.is_active() or not voucher.is_available_to_user(user=user)[0]:
                return False
            order = Order.objects.create(
                number=f"order-{_RUN}-{next(_NUMBERS)}", user=user, currency="CNY", total_incl_tax=5, total_excl_tax=5,
                shipping_incl_tax=0, shipping_excl_tax=0, shipping_method="-", shipping_code="-",
            )  # fmt: skip
            voucher.record_usage(order, user)
        return True


def _hot(shop: Shop, callers: int, seconds: float) -> tuple[float, list[float]]:
    """So many callers use one voucher for so many seconds."""
    from django.db import connection

    voucher, ready = shop.voucher("Multi-use"), Barrier(callers + 1)

    def caller(place: int) -> list[float]:
        # The connection is made before the clock runs.
        shop.use(shop.voucher("Multi-use"), shop.customers[place])
        latencies: list[float] = []
        ready.wait()
        ends_at = time.perf_counter() + seconds
        while (began := time.perf_counter()) < ends_at:
            shop.use(voucher, shop.customers[place])
            latencies.append(time.perf_counter() - began)
        connection.close()
        return latencies

    with ThreadPoolExecutor(callers) as pool:
        waiting = [pool.submit(caller, place) for place in range(callers)]
        ready.wait()
        began = time.perf_counter()
        latencies = [each for future in waiting for each in future.result()]
        return time.perf_counter() - began, latencies


def _race(shop: Shop) -> int:
    """How many of those who want one single voucher at once get it."""
    from django.db import connection

    voucher, ready = shop.voucher("Single use"), Barrier(_RACERS)

    def caller(place: int) -> bool:
        ready.wait()
        used = shop.use(voucher, shop.customers[place])
        connection.close()
        return used

    with ThreadPoolExecutor(_RACERS) as pool:
        return sum(pool.map(caller, range(_RACERS)))


def main(callers: str, seconds: str) -> None:
    """Measures once, on the database that the environment names."""
    _configure(os.environ[URL])
    shop = Shop(max(int(callers), _RACERS))
    spent, latencies = _hot(shop, int(callers), float(seconds))
    uses = Uses(spent, latencies, [_race(shop) for _ in range(_RACES)])
    print(msgspec.json.encode(uses).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
