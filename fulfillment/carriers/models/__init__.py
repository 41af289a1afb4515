"""Carriers, their services and rates."""

from fulfillment.carriers.models.carrier import CarrierAccount, CarrierService, Rate

__all__ = ["CarrierAccount", "CarrierService", "Rate"]
