"""Small helps for all templates."""

from django import template

register = template.Library()
