// The answer to an application, which its page has asked to get as a form (OAuth 2.0 Form Post Response Mode).
document.forms[0].submit();
